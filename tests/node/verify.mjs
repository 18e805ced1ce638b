// Independent verifiers: reads JSON lines {"library","secret","headers","body"} and answers "ok" or "refused: …" for each.
import { createInterface } from "node:readline";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix } from "svix";

for await (const line of createInterface({ input: process.stdin })) {
  const { library, secret, headers, body } = JSON.parse(line);
  try {
    if (library === "standardwebhooks") {
      new Standard(secret).verify(body, headers);
    } else {
      // svix names the same three headers with its own prefix, and takes ours too
      new Svix(secret).verify(body, headers);
    }
    console.log("ok");
  } catch (error) {
    console.log(`refused: ${error.message}`);
  }
}
