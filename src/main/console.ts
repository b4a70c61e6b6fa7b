import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Serving } from "../http/server/http-server";
import { preparePageRequest } from "../http/server/page-request";
import { newNonce, pagePolicy } from "../http/server/security-headers";
import { projectRoot } from "./project-root";

/**
 * `production` serves the result of `next build`, `development` serves the current sources, `none` serves no console.
 */
export type ConsoleMode = "production" | "development" | "none";

export interface Pages extends Pick<Serving, "pages" | "upgrade"> {
  close(): Promise<void>;
}

/** Serves the console's pages with Next. Next is loaded on the first request for a page. */
export function openConsole(mode: ConsoleMode, address: { host: string; port: number }): Pages {
  const dev = mode === "development";
  let started: Promise<RunningNext> | null = null;
  let listens = false;
  const pages: RequestListener = async (request, response) => {
    if (mode === "none") {
      refusePage(response, 404, "The console is not available. The API is available at /api/trpc.");
      return;
    }
    started ??= startNext(dev, address);
    const next = await started.catch(() => null);
    if (next === null) {
      started = null; // the next request tries again
      refusePage(response, 503, "The console is not available. The API is available at /api/trpc.");
    } else if (!response.destroyed) {
      listens = true;
      next.pages(request, response);
    }
  };
  if (!dev) {
    const close = async () => {
      await (await started?.catch(() => null))?.close();
    };
    return { pages, close };
  }
  return {
    pages,
    // From the first page on Next itself listens for upgrades. A page that was open before a restart tries again.
    upgrade: (_request, socket) => {
      if (!listens) socket.destroy();
    },
    // The development server does not always end, and its process ends right after this.
    close: async () => undefined,
  };
}

/** The timeout for closing Next, in milliseconds. */
const closeWithinMs = 1_000;

interface RunningNext {
  readonly pages: RequestListener;
  close(): Promise<void>;
}

async function startNext(dev: boolean, { host, port }: { host: string; port: number }): Promise<RunningNext> {
  const { default: next } = await import("next");
  const app = next({ dev, dir: projectRoot(), hostname: host, port, quiet: true });
  await app.prepare();
  const handle = app.getRequestHandler();
  return {
    pages: (request, response) => {
      const problem = dev ? null : preparePageRequest(request);
      if (problem !== null) {
        refusePage(response, problem.status, problem.message);
        return;
      }
      allowOwnScripts(request, response, dev);
      handle(request, response).catch(() => refusePage(response, 500, "This page could not be rendered."));
    },
    close: async () => {
      await Promise.race([app.close(), delay(closeWithinMs)]);
    },
  };
}

/** Responds if Next does not. If a response has already started, it can only close the connection. */
function refusePage(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "text/plain", ...(status === 405 ? { allow: "GET, HEAD" } : {}) });
  response.end(`${message}\n`);
}

/**
 * Sets the Content-Security-Policy of a page. Next reads the nonce from the request header and adds it to every script
 * that it generates; the layout reads it as `x-nonce`. Values that a caller sent in these headers are overwritten.
 */
function allowOwnScripts(request: IncomingMessage, response: ServerResponse, dev: boolean): void {
  const nonce = newNonce();
  const policy = pagePolicy(nonce, dev);
  delete request.headers["content-security-policy-report-only"];
  request.headers["content-security-policy"] = policy;
  request.headers["x-nonce"] = nonce;
  response.setHeader("content-security-policy", policy);
}
