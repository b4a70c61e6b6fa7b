/**
 * A process of its own that takes the lock of the folder named by its first argument, says how that went in one line
 * of JSON, and holds it until it is ended. It waits for a line on standard input first, so that several start at once.
 */
import { createInterface } from "node:readline";
import { takeControlSocket } from "../../../src/main/ipc/control-socket";

process.stdout.write("ready\n");
createInterface(process.stdin).once("line", async (line) => {
  try {
    const socket = await takeControlSocket(process.argv[2] ?? "");
    if (line === "serve") socket.serve((request, response) => response.end(JSON.stringify({ asked: request.url })));
    process.stdout.write(`${JSON.stringify({ won: process.pid })}\n`);
    setInterval(() => undefined, 1_000);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ lost: String(error) })}\n`);
    process.exit(0);
  }
});
