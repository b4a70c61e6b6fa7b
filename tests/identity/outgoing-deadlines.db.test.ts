import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oidcProviders } from "#drizzle/persons";
import { openBrowser } from "../support/browser";
import { type RunningProvider, startOidcProvider } from "../support/oidc-provider";
import { comeBack, insertProvider, redirectUri, startSignIn } from "../support/oidc-sign-in";
import { readRows } from "../support/rows/table";
import { openWorld, testOrigin, type World } from "../support/world";

const upgrade = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

let world: World;
let idp: RunningProvider;
const servers: Server[] = [];

beforeAll(async () => {
  world = await openWorld();
  idp = await startOidcProvider({ issuer: "https://login.example.test", redirectUris: ["token"].map(redirectUri) });
});
afterAll(async () => {
  await Promise.all([world.close(), idp.close()]);
  for (const server of servers) server.close();
});

/** Starts a server on a free port that passes each connection to `onConnection`. Returns its URL. */
async function startServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

const startAnswering = (...parts: string[]) =>
  startServer((socket) =>
    socket.once("data", async () => {
      for (const part of parts) {
        socket.write(part);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }),
  );

let providers = 0;
const unavailable = `${testOrigin}/sign-in?error=provider_unavailable`;

describe("a provider that violates HTTP", () => {
  it.each([
    ["switches protocols", [upgrade]],
    [
      "switches protocols in several pieces",
      ["HTTP/1.1 1", "01 Switching Protocols\r\nUpgrade: x\r\n", "Connection: upgrade\r\n\r\n"],
    ],
    ["switches protocols after early hints", [early, early + upgrade]],
  ])("a provider is unavailable at once if its discovery endpoint %s", async (_name, parts) => {
    const url = await startAnswering(...parts);
    const number = ++providers;
    const slug = `unavailable-${number}`;
    await insertProvider(world, { ...idp, issuer: url }, slug);
    const started = await startSignIn(openBrowser(world, { ip: `198.51.100.${number}` }), slug);
    expect(started.headers.get("location")).toBe(unavailable);
  });

  it("a provider is unavailable at once if it closes the connection without a response", async () => {
    const url = await startServer((socket) => socket.once("data", () => socket.end()));
    await insertProvider(world, { ...idp, issuer: url }, "closes");
    const started = await startSignIn(openBrowser(world, { ip: "198.51.100.200" }), "closes");
    expect(started.headers.get("location")).toBe(unavailable);
  });

  it("a provider is unavailable at once if its token endpoint switches protocols", async () => {
    // The discovery document names another server as the token endpoint.
    const tokenServer = await startAnswering(upgrade);
    const discoveryServer = await startServer((socket) =>
      socket.once("data", () => {
        const issuer = idp.issuer;
        const document = {
          issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${tokenServer}/token`,
          jwks_uri: `${issuer}/jwks`,
        };
        const body = JSON.stringify(document);
        socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
        );
      }),
    );
    const providerId = await insertProvider(world, idp, "token", {
      internalUrl: discoveryServer,
      createsPersons: true,
    });
    const browser = openBrowser(world, { ip: "198.51.100.201" });
    idp.person = { sub: "ada", email: "ada@example.org", email_verified: true };
    const back = await comeBack(browser, idp, "token");
    const response = await browser.fetch(back);
    expect(response.headers.get("location")).toBe(unavailable);
    const [row] = await readRows(world.db.owner, oidcProviders, { providerId }, ["lastRefusal"]);
    expect(row?.lastRefusal?.reason).toBe("provider_unavailable");
  });
});
