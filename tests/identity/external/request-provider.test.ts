import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { AddressRefused } from "#src/identity/external/allowed-addresses";
import { requestProvider } from "#src/identity/external/request-provider";
import { NoResponse } from "#src/platform/deadline";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** The address of a server that answers in this way. */
async function serverThat(answers: RequestListener): Promise<string> {
  const server = createServer(answers);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const nameless = { addresses: async () => [] };

const ask = (url: string) => requestProvider(url, { headers: {} }, { allowedAddresses: "local" }, nameless);

describe("a request to a provider (TM-18)", () => {
  it.each([
    ["https://127.0.0.1/token", []],
    ["https://169.254.169.254/token", []],
    ["http://login.example.org/token", ["192.0.2.1"]],
    ["https://login.example.org/token", []],
    ["https://login.example.org/token", ["10.0.0.1"]],
    ["https://login.example.org/token", ["::1"]],
    ["https://login.example.org/token", ["93.184.216.34", "127.0.0.1"]],
  ])("a request to a provider of an organization does not go to %s at %j", async (url, addresses) => {
    const resolver = { addresses: async () => addresses };
    await expect(requestProvider(url, { headers: {} }, { allowedAddresses: "public" }, resolver)).rejects.toThrow(
      AddressRefused,
    );
  });

  it("a request to a provider carries its headers and its body, and asks for a body that is not compressed", async () => {
    let asked: { method?: string; headers: IncomingHttpHeaders; body: string } = { headers: {}, body: "" };
    const url = await serverThat(async (request, response) => {
      let body = "";
      for await (const part of request) body += String(part);
      asked = { method: request.method ?? "", headers: request.headers, body };
      response.end("answer");
    });
    const sent = { method: "POST", headers: { accept: "application/json" }, body: "a=ü" } as const;
    const { status, body } = await requestProvider(url, sent, { allowedAddresses: "local" }, nameless);
    expect([status, body.toString()]).toEqual([200, "answer"]);
    expect(asked).toMatchObject({ method: "POST", body: "a=ü" });
    expect(asked.headers).toMatchObject({
      accept: "application/json",
      "accept-encoding": "identity",
      "content-length": "4",
    });
  });

  it("a request to a provider does not follow a redirect", async () => {
    let requests = 0;
    const url = await serverThat((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect((await ask(url)).status).toBe(302);
    expect(requests).toBe(1);
  });

  it("a request to a provider fails if the response is longer than a mebibyte", async () => {
    const url = await serverThat((_request, response) => response.end("x".repeat(1024 * 1024)));
    await expect(ask(url)).rejects.toThrow(NoResponse);
  });

  it("a request to a provider fails if the connection ends in the middle of the response", async () => {
    const url = await serverThat((_request, response) => {
      response.writeHead(200, { "content-length": "10" });
      response.write("part", () => response.destroy());
    });
    await expect(ask(url)).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});
