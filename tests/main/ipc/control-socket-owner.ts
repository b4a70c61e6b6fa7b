/**
 * A separate process that takes the lock of the folder in its first argument, prints the result as one line of JSON,
 * and holds the lock until it ends. It first waits for a line on standard input, so that several can start at once.
 */
import { createInterface } from "node:readline";
import { takeControlSocket } from "#src/main/ipc/control-socket";

process.stdout.write("ready\n");
createInterface(process.stdin).once("line", async (line) => {
  try {
    const socket = await takeControlSocket(process.argv[2] ?? "");
    if (line === "serve") socket.serve((request, response) => response.end(JSON.stringify({ path: request.url })));
    process.stdout.write(`${JSON.stringify({ won: process.pid })}\n`);
    setInterval(() => undefined, 1_000);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ lost: String(error) })}\n`);
    process.exit(0);
  }
});
