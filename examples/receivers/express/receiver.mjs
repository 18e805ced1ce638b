// A webhook receiver for production.
//
// It checks the signature, puts the event on disk, answers 200 at once and does the work in the background. An event
// that comes twice (retries, a repeat after a crash) is worked on once; one that was taken is never lost, even when
// this program stops in the middle.
//
//   WEBHOOK_SECRET   whsec_… from Settings → Developer; several separated by commas while a secret is being rotated
//   PORT             3000
//   HOST             127.0.0.1
//   OUTPUT_DIR       .            document_<job id>.pdf goes there
//   TLS_CERT_FILE, TLS_KEY_FILE   serve https; most people leave that to a proxy in front
import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import express from 'express';

const outputDir = process.env.OUTPUT_DIR ?? '.';
const inbox = path.join(outputDir, '.webhooks', 'inbox'); // taken, not done yet
const done = path.join(outputDir, '.webhooks', 'done');
const toleranceS = 300;
const nameForm = /^[A-Za-z0-9_-]{1,100}$/; // ids become file names

const keys = (process.env.WEBHOOK_SECRET ?? '').split(',').map((text) => {
  const key = /^whsec_[A-Za-z0-9+/]+=*$/.test(text.trim()) ? Buffer.from(text.trim().slice(6), 'base64') : Buffer.alloc(0);
  if (key.length === 0) {
    console.error('WEBHOOK_SECRET is missing or is not a whsec_… secret');
    process.exit(1);
  }
  return key;
});

// Standard Webhooks 1.0.0: any v1 signature of the list, under any of our secrets.
function signatureIsGood(req) {
  const id = req.get('webhook-id') ?? '';
  const timestamp = req.get('webhook-timestamp') ?? '';
  if (!nameForm.test(id) || !/^[0-9]{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceS) return false;
  const good = keys.map((key) => createHmac('sha256', key).update(`${id}.${timestamp}.`).update(req.body).digest());
  return (req.get('webhook-signature') ?? '').split(' ').some((entry) => {
    const [version, signature] = entry.split(',', 2);
    const bytes = Buffer.from(signature ?? '', 'base64');
    return version === 'v1' && good.some((g) => bytes.length === g.length && timingSafeEqual(bytes, g));
  });
}

async function writeDurably(file, data) {
  const handle = await open(`${file}.part`, 'w');
  await handle.writeFile(data);
  await handle.sync();
  await handle.close();
  await rename(`${file}.part`, file);
}

async function saveDocument(payload) {
  if (!nameForm.test(payload.job_id)) throw new Error(`strange job id ${payload.job_id}`);
  const answer = await fetch(payload.download_url, { signal: AbortSignal.timeout(60000) });
  if (answer.status >= 400 && answer.status < 500) {
    console.warn(`document ${payload.job_id} cannot be downloaded: ${answer.status}`); // expired or deleted
    return;
  }
  if (!answer.ok) throw new Error(`download answered ${answer.status}`);
  const kind = (answer.headers.get('content-type') ?? '').includes('wordprocessingml') ? 'docx' : 'pdf';
  const file = path.join(outputDir, `document_${payload.job_id}.${kind}`);
  await writeDurably(file, Buffer.from(await answer.arrayBuffer()));
  console.log(`saved ${file}`);
}

async function handle(payload) {
  if (payload.event !== 'document.generated') console.log(`nothing to do for ${payload.event}`);
  else if (payload.status === 'completed' && payload.download_url) await saveDocument(payload);
  else if (payload.status === 'completed') console.log(`document ${payload.job_id} was deleted meanwhile`);
  else console.warn(`document ${payload.job_id} failed: ${payload.metadata.error_message}`);
}

const underWay = new Set();
async function work(name) {
  if (underWay.has(name)) return;
  underWay.add(name);
  try {
    await handle(JSON.parse(await readFile(path.join(inbox, name), 'utf8')));
    await rename(path.join(inbox, name), path.join(done, name));
  } catch (problem) {
    console.warn(`${name}: ${problem.message}; trying again in 30 s`);
    setTimeout(() => work(name), 30000);
  } finally {
    underWay.delete(name);
  }
}

const app = express();
// The exact bytes: the signature covers them.
app.post('/webhooks/docgenlab', express.raw({ type: () => true, limit: '1mb' }), async (req, res, next) => {
  try {
    if (!Buffer.isBuffer(req.body) || !signatureIsGood(req)) return res.status(401).json({ error: 'bad signature' });
    const name = `${req.get('webhook-id')}.json`;
    if (!existsSync(path.join(inbox, name)) && !existsSync(path.join(done, name))) {
      await writeDurably(path.join(inbox, name), req.body);
      work(name);
    }
    return res.sendStatus(200);
  } catch (problem) {
    return next(problem);
  }
});

mkdirSync(inbox, { recursive: true });
mkdirSync(done, { recursive: true });
for (const name of readdirSync(inbox).filter((n) => n.endsWith('.json')).sort()) work(name); // from before the last stop
const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = process.env;
const server =
  cert && key ? https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, app) : http.createServer(app);
server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? '127.0.0.1');
