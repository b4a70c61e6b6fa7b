import type { RequestListener } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Serving } from "./http-server";
import { projectRoot } from "./project-root";

/** `production` serves what `next build` made, `development` what is in the sources now, `none` nothing. */
export type ConsoleMode = "production" | "development" | "none";

export interface Pages extends Pick<Serving, "pages" | "upgrade"> {
  close(): Promise<void>;
}

/** The console's pages, by Next. In production nothing of Next is loaded before somebody asks for a page. */
export async function openConsole(mode: ConsoleMode, address: { host: string; port: number }): Promise<Pages> {
  if (mode === "development") return startNext(true, address);
  let started: Promise<Pages> | null = null;
  const pages: RequestListener = async (request, response) => {
    try {
      if (mode === "none") throw new Error("this process serves no pages");
      started ??= startNext(false, address);
      const next = await started;
      next.pages(request, response);
    } catch {
      started = null;
      response.writeHead(mode === "none" ? 404 : 503, { "content-type": "text/plain" });
      response.end("There is no console here now. The API answers at /api/trpc.\n");
    }
  };
  return {
    pages,
    close: async () => {
      await (await started?.catch(() => null))?.close();
    },
  };
}

/** Next's development server does not always end; nothing of it is worth waiting for. In milliseconds. */
const closeWithinMs = 1_000;

async function startNext(dev: boolean, { host, port }: { host: string; port: number }): Promise<Pages> {
  const { default: next } = await import("next");
  const app = next({ dev, dir: projectRoot(), hostname: host, port, quiet: true });
  await app.prepare();
  const handle = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
  return {
    pages: (request, response) => void handle(request, response),
    ...(dev ? { upgrade: (request, socket, head) => void upgrade(request, socket as Socket, head) } : {}),
    close: async () => {
      await Promise.race([app.close(), delay(closeWithinMs)]);
    },
  };
}
