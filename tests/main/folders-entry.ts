import { createInterface } from "node:readline";
import { act } from "./folder-actions";

/** Does what each line says (an action and a folder), as the user that it runs as, and answers in one line of JSON. */
for await (const line of createInterface(process.stdin)) {
  const [action = "", folder = ""] = line.split(" ");
  process.stdout.write(`${JSON.stringify(await act(action, folder))}\n`);
}
