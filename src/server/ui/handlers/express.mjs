// npm install express (Node.js 18 or later)
import crypto from "node:crypto";
import fs from "node:fs/promises";
import express from "express";

const secret = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const app = express();
const seen = new Set(); // keep these in your database: the same webhook-id may come twice

function isGenuine(req) {
  const id = req.get("webhook-id") ?? "";
  const timestamp = req.get("webhook-timestamp") ?? "";
  if (!id || !/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const hmac = crypto.createHmac("sha256", secret).update(`${id}.${timestamp}.`).update(req.body);
  const expected = Buffer.from("v1," + hmac.digest("base64"));
  return (req.get("webhook-signature") ?? "").split(" ").some((given) => {
    const candidate = Buffer.from(given);
    return candidate.length === expected.length && crypto.timingSafeEqual(candidate, expected);
  });
}

async function fetchDocument(payload) {
  const answer = await fetch(payload.download_url);
  if (!answer.ok) throw new Error(`download answered ${answer.status}`);
  await fs.writeFile(`document_${payload.job_id}.pdf`, Buffer.from(await answer.arrayBuffer()));
}

app.post("/webhooks/docgenlab", express.raw({ type: "application/json", limit: "1mb" }), (req, res) => {
  if (!Buffer.isBuffer(req.body) || !isGenuine(req)) return res.sendStatus(401);
  const payload = JSON.parse(req.body);
  const id = req.get("webhook-id");
  if (payload.event === "document.generated" && !seen.has(id)) {
    seen.add(id);
    if (payload.status === "completed") fetchDocument(payload).catch(console.error);
    else console.error("Document failed:", payload.metadata.error_message);
  }
  res.sendStatus(200);
});

app.listen(process.env.PORT ?? 3000);
