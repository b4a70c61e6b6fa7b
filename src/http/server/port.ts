import type { Server } from "node:http";
import { StartFailure } from "#src/platform/start-failure";

const problems: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `port ${port} of ${host} is taken: set PORT to another one`,
  EACCES: (_host, port) => `port ${port} is not for this user: set PORT to one above 1023`,
  EADDRNOTAVAIL: (host) => `${host} is no address of this machine: set HOST to one that is`,
  ENOTFOUND: (host) => `${host} is no address of this machine: set HOST to one that is`,
};

/** Binds a server to a port. @throws StartFailure with the setting to change */
export function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const problem = problems[error.code ?? ""];
      reject(problem ? new StartFailure(problem(host, port)) : error);
    });
    server.listen(port, host, resolve);
  });
}

/** Stops accepting connections, lets requests finish for `graceMs`, then aborts the rest. */
export function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A connection becomes idle only after its response is complete, when it waits for the next request.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const late = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(late);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
