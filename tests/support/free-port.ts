import { once } from "node:events";
import { createServer } from "node:net";

/**
 * The system does not use ports below 32,768 for outgoing connections (Linux, macOS and Windows). A port that is free
 * here is therefore still free when the process listens on it, and also after that process was restarted.
 */
const [first, last] = [12_000, 32_000] as const;

/** Each process starts at another port, and returns no port twice. */
let next = first + Math.floor(Math.random() * (last - first));

/** Returns a port of 127.0.0.1 on which no process listens. */
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
