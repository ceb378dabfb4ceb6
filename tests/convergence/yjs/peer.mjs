// A Yjs client for the tests: one JSON object a line on stdin, one answer a line on stdout.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const Y = require("yjs");

let doc;
let updates = [];
const encode = (bytes) => Buffer.from(bytes).toString("base64");
const decode = (text) => new Uint8Array(Buffer.from(text, "base64"));

const acts = {
  open({ client, state }) {
    doc = new Y.Doc();
    doc.clientID = client;
    Y.applyUpdate(doc, decode(state), "server");
    doc.on("update", (update, origin) => origin !== "server" && updates.push(encode(update)));
  },
  insert({ name, at, text }) {
    doc.getText(name).insert(at, text); // at: in UTF-16 code units
  },
  delete({ name, at, length }) {
    doc.getText(name).delete(at, length);
  },
  apply({ update }) {
    Y.applyUpdate(doc, decode(update), "server");
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  acts[request.act]?.(request);
  const answer = { updates, texts: {}, state: "" };
  updates = [];
  for (const name of ["source", "stdin"]) answer.texts[name] = doc.getText(name).toString();
  answer.state = encode(Y.encodeStateAsUpdate(doc));
  process.stdout.write(JSON.stringify(answer) + "\n");
}
