// The same deliveries by BullMQ, Redis and undici: jobs of different payloads, signed like ours, POSTed with kept
// connections, completed jobs kept with what was answered. Prints deliveries per second.
//
//   deliver.mjs REDIS_PORT URL COUNT
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { Queue, Worker } from "bullmq";
import { Agent, request } from "undici";

const [port, url, countText] = process.argv.slice(2);
const count = Number(countText);
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
const secret = randomBytes(24);
const dispatcher = new Agent({ connections: 64, pipelining: 1 });
const queue = new Queue("deliveries", { connection });

function payload() {
  const id = randomUUID();
  const link = `https://docs.example/files/${id}.pdf?expires=1769250600&signature=${randomBytes(32).toString("hex")}`;
  return JSON.stringify({
    event: "document.generated", job_id: id, status: "completed", download_url: link,
    metadata: { template_id: id, created_at: "2026-01-15T10:30:00Z", error_message: null },
  });
}

for (let made = 0; made < count; made += 1000) {
  const jobs = [];
  for (let i = 0; i < Math.min(1000, count - made); i++)
    jobs.push({ name: "deliver", data: { id: randomUUID(), endpoint: (made + i) % 200, body: payload() }, opts: { attempts: 4, backoff: 60000 } });
  await queue.addBulk(jobs);
}

let over = 0, failed = 0;
const start = process.hrtime.bigint();
const done = new Promise((resolve) => {
  const settle = () => { if (++over === count) resolve(); };
  const worker = new Worker("deliveries", async (job) => {
    const { id, endpoint, body } = job.data;
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
    const started = process.hrtime.bigint();
    const answer = await request(`${url}/${endpoint}`, {
      dispatcher, method: "POST", body,
      headers: { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": `v1,${signature}` },
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
    return { status: answer.statusCode, us: Number((process.hrtime.bigint() - started) / 1000n), text };
  }, { connection, concurrency: 256 });
  worker.on("completed", settle);
  worker.on("failed", () => { failed++; settle(); });
});
await done;
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(`bullmq deliveries_per_s=${Math.round(count / seconds)} failed=${failed}`);
process.exit(0);
