import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Serving } from "./http-server";
import { projectRoot } from "./project-root";
import { newNonce, pagePolicy } from "./security-headers";

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
    pages: (request, response) => {
      allowOwnScripts(request, response, dev);
      void handle(request, response);
    },
    ...(dev ? { upgrade: (request, socket, head) => void upgrade(request, socket as Socket, head) } : {}),
    close: async () => {
      await Promise.race([app.close(), delay(closeWithinMs)]);
    },
  };
}

/**
 * Gives a page its policy. Next finds the nonce in the request's own header, and writes it at every script that it makes;
 * the layout reads it as `x-nonce`. What a caller sent under these names is not handed on.
 */
function allowOwnScripts(request: IncomingMessage, response: ServerResponse, dev: boolean): void {
  const nonce = newNonce();
  const policy = pagePolicy(nonce, dev);
  delete request.headers["content-security-policy-report-only"];
  request.headers["content-security-policy"] = policy;
  request.headers["x-nonce"] = nonce;
  response.setHeader("content-security-policy", policy);
}
