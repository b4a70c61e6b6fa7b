import { request as httpRequest } from "node:http";
import { openBrowser } from "../support/browser";
import { publicUrl } from "./kept";

let addresses = 0;

/**
 * A browser that speaks to a control plane behind a proxy, which passes `Host` on and says from where it comes: an
 * address that no other one has, since tries to sign in are counted by address.
 * @param url where the control plane listens
 */
export function browserOver(url: string) {
  const ip = `198.51.100.${++addresses}`;
  const handler = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const headers = { ...Object.fromEntries(request.headers), host: new URL(publicUrl).host, "x-forwarded-for": ip };
    return send(`${url}${pathname}${search}`, request.method, headers, await request.text());
  };
  return openBrowser({ handler }, { origin: publicUrl, ip });
}

/** `fetch` writes a `Host` of its own. */
function send(url: string, method: string, headers: Record<string, string>, body: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("error", reject);
      answer.on("end", () => {
        const got = new Headers();
        for (const [name, values] of Object.entries(answer.headersDistinct))
          for (const value of values ?? []) got.append(name, value);
        const status = answer.statusCode ?? 0;
        resolve(new Response(status === 204 ? null : Buffer.concat(pieces), { status, headers: got }));
      });
    });
    sent.on("error", reject);
    sent.end(method === "GET" ? undefined : body);
  });
}
