// The smallest receiver: takes the webhook, saves the document. Good for a first try; see receiver.mjs for production.
import { writeFile } from 'node:fs/promises';
import express from 'express';

const app = express();
app.use(express.json());

app.post('/webhooks/docgenlab', async (req, res) => {
  const payload = req.body;
  if (payload.status === 'completed') {
    const document = await fetch(payload.download_url);
    await writeFile(`document_${payload.job_id}.pdf`, Buffer.from(await document.arrayBuffer()));
  }
  res.sendStatus(200);
});

app.listen(process.env.PORT ?? 3000);
