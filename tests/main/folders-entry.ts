import { createInterface } from "node:readline";
import { act } from "./folder-actions";

/** Runs the action and folder named by each input line, as the current user, and answers with one line of JSON. */
for await (const line of createInterface(process.stdin)) {
  const [action = "", folder = ""] = line.split(" ");
  process.stdout.write(`${JSON.stringify(await act(action, folder))}\n`);
}
