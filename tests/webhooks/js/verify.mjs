// Verifies one request as a receiver in JavaScript does: a JSON document on standard input, the outcome for each secret on output.
import * as fs from "node:fs";
import { Webhook } from "standardwebhooks";

const { secrets, headers, body } = JSON.parse(fs.readFileSync(0, "utf8"));
const outcomes = secrets.map((secret) => {
  try {
    return new Webhook(secret).verify(body, headers);
  } catch (error) {
    return error.name;
  }
});
console.log(JSON.stringify(outcomes));
