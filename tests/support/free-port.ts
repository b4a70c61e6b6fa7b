import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below 32,768 the system gives no port to an outgoing connection (Linux, macOS and Windows), so that what is free here
 * is still free when the process that it is for listens on it, and again after that process was restarted.
 */
const [first, last] = [12_000, 32_000] as const;

/** Each process begins elsewhere, and gives no port twice. */
let next = first + Math.floor(Math.random() * (last - first));

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < last - first; tries++) {
    const port = next;
    next = next + 1 < last ? next + 1 : first;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${first} to ${last} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
