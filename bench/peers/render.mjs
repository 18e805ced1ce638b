// The same work by engines for Node in one warm process: prints a render's time per line in microseconds.
//
//   render.mjs ENGINE TEMPLATE DATA.ndjson OUT_FOLDER
//
// carbone-pdf keeps a LibreOffice warm and leaves it running: whoever starts this ends the whole process group.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [engine, templatePath, dataPath, folder] = process.argv.slice(2);
const require = createRequire(join(process.env.PEERS_FOLDER, "package.json"));
const template = readFileSync(templatePath);

const engines = {
  docxtemplater() {
    const PizZip = require("pizzip");
    const Docxtemplater = require("docxtemplater");
    return async (data) => {
      // A compiled template fills one document: opening it is part of each render.
      const doc = new Docxtemplater(new PizZip(template), { paragraphLoop: true, linebreaks: true });
      doc.render(data);
      return doc.getZip().generate({ type: "nodebuffer", compression: "DEFLATE" });
    };
  },
  "easy-template-x"() {
    const { TemplateHandler } = require("easy-template-x");
    const handler = new TemplateHandler();
    // Its sections open lists, not objects.
    return (data) => handler.process(template, { ...data, customer: [data.customer] });
  },
  carbone() {
    const carbone = require("carbone");
    return (data) =>
      new Promise((resolve, reject) => carbone.render(templatePath, data, (err, out) => (err ? reject(err) : resolve(out))));
  },
  "carbone-pdf"() {
    const carbone = require("carbone");
    carbone.set({ factories: 1, startFactory: true, converterFactoryTimeout: 300000 });
    return (data) =>
      new Promise((resolve, reject) =>
        carbone.render(templatePath, data, { convertTo: "pdf" }, (err, out) => (err ? reject(new Error(String(err))) : resolve(out))),
      );
  },
};

const render = engines[engine]();
const ending = engine.endsWith("-pdf") ? "pdf" : "docx";
const lines = readFileSync(dataPath, "utf8").trim().split("\n");
for (const [number, line] of lines.entries()) {
  const start = process.hrtime.bigint();
  const out = await render(JSON.parse(line));
  writeFileSync(join(folder, `${number}.${ending}`), out);
  console.log(Number((process.hrtime.bigint() - start) / 1000n));
}
if (ending === "docx") process.exit(0);
else process.kill(process.pid, "SIGKILL");
