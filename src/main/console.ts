import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
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

/** Serves the console's pages with Next. In production, Next is loaded on the first request for a page. */
export async function openConsole(mode: ConsoleMode, address: { host: string; port: number }): Promise<Pages> {
  if (mode === "development") return startNext(true, address);
  let started: Promise<Pages> | null = null;
  const pages: RequestListener = async (request, response) => {
    if (mode === "none") {
      refusePage(response, 404, "The console is not available. The API is available at /api/trpc.");
      return;
    }
    started ??= startNext(false, address);
    const next = await started.catch(() => null);
    if (next === null) {
      started = null; // the next request tries again
      refusePage(response, 503, "The console is not available. The API is available at /api/trpc.");
    } else if (!response.destroyed) {
      next.pages(request, response);
    }
  };
  return {
    pages,
    close: async () => {
      await (await started?.catch(() => null))?.close();
    },
  };
}

/** The timeout for closing Next's development server, which does not always end, in milliseconds. */
const closeWithinMs = 1_000;

async function startNext(dev: boolean, { host, port }: { host: string; port: number }): Promise<Pages> {
  const { default: next } = await import("next");
  const app = next({ dev, dir: projectRoot(), hostname: host, port, quiet: true });
  await app.prepare();
  const handle = app.getRequestHandler();
  const upgrade = app.getUpgradeHandler();
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
    ...(dev
      ? { upgrade: (request, socket, head) => takeUpgrade(upgrade(request, socket as Socket, head), socket) }
      : {}),
    close: async () => {
      await Promise.race([app.close(), delay(closeWithinMs)]);
    },
  };
}

function takeUpgrade(upgraded: Promise<void>, socket: Duplex): void {
  upgraded.catch(() => socket.destroy());
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
