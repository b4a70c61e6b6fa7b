import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import { registerSecret } from "./secrets";

/** What a token says; a test changes it before it is signed again. */
export type TokenClaims = Record<string, unknown>;

/** A real provider (`oidc-provider`) on this machine, whose visitor agrees to everything at once. */
export interface OidcProvider {
  /** What its tokens carry. */
  readonly issuer: string;
  /** Where it listens. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who signs in next: subject and claims. */
  person: { sub: string } & Record<string, unknown>;
  /** Changes what the next ID tokens say, before the provider's own key signs them; null for none. */
  tamper: ((claims: TokenClaims) => TokenClaims) | null;
  /** How the next tokens are signed; null for the provider's own key. */
  signWith: KeyObject | null;
  /** Paths that were asked for, by whom: the browser of a test calls itself so. */
  readonly asked: { readonly path: string; readonly byBrowser: boolean }[];
  /**
   * What a browser does there: follows the address it was sent to until it is sent back.
   * @returns the address that it is sent back to
   */
  visit(authorizationUrl: string): Promise<URL>;
  close(): Promise<void>;
}

interface Options {
  /** What its tokens carry; without it, where it listens. */
  readonly issuer?: string;
  readonly redirectUris: readonly string[];
  /** Puts the claims into the ID token itself, and not only at the userinfo endpoint. */
  readonly claimsInToken?: boolean;
}

const clientId = "portcullis";
const browserName = "Test browser";

/** Starts a provider on a free port of 127.0.0.1. */
export async function startOidcProvider({
  issuer: given,
  redirectUris,
  claimsInToken = false,
}: Options): Promise<OidcProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = given ?? url;
  const clientSecret = registerSecret(`client-secret-${Math.random().toString(36).slice(2)}`);
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = "first";
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [...redirectUris] }],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" } as never] },
    cookies: { keys: ["not a secret"] },
    claims: { email: ["email", "email_verified"], profile: ["name"], openid: ["sub", "groups"] },
    conformIdTokenClaims: !claimsInToken,
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 300, Grant: 300, Interaction: 300, Session: 300 },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...control.person, sub }) }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({
        ...(oidc.client ? { clientId: oidc.client.clientId } : {}),
        ...(oidc.session?.accountId ? { accountId: oidc.session.accountId } : {}),
      });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  });
  provider.proxy = true;
  provider.use(async (context, next) => {
    control.asked.push({ path: context.path, byBrowser: context.get("user-agent") === browserName });
    if (context.path.startsWith("/interaction/")) {
      const login = { accountId: control.person.sub };
      const target = await provider.interactionResult(context.req, context.res, { login });
      context.redirect(atHand(target));
      return;
    }
    await next();
    const body: unknown = context.body;
    if (context.path === "/token" && isTokens(body) && (control.tamper || control.signWith)) {
      const [, payload = ""] = body.id_token.split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as TokenClaims;
      const signed = sign(control.tamper?.(claims) ?? claims, control.signWith ?? privateKey, kid);
      context.body = { ...body, id_token: signed };
    }
  });
  server.on("request", provider.callback());
  /** The public address, as a browser of this machine can reach it. */
  const atHand = (address: string) => address.replace(issuer.replace(/\/$/, ""), url);
  const control: OidcProvider = {
    issuer,
    url,
    clientId,
    clientSecret,
    person: { sub: "ada" },
    tamper: null,
    signWith: null,
    asked: [],
    visit: (authorizationUrl) => visit(atHand(authorizationUrl), atHand, url),
    close: () => close(server),
  };
  return control;
}

async function visit(start: string, atHand: (address: string) => string, url: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let hop = 0; hop < 10; hop += 1) {
    if (!at.startsWith(url)) return new URL(at);
    const response = await fetch(at, {
      redirect: "manual",
      headers: {
        "user-agent": browserName,
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    const location = response.headers.get("location");
    if (location === null)
      throw new Error(`the provider stopped at ${at}: ${response.status} ${await response.text()}`);
    at = atHand(new URL(location, at).href);
  }
  throw new Error("the provider sends the browser around");
}

function isTokens(body: unknown): body is { readonly id_token: string } {
  return typeof body === "object" && body !== null && "id_token" in body && typeof body.id_token === "string";
}

function sign(claims: TokenClaims, key: KeyObject, kid: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", typ: "JWT", kid })}.${part(claims)}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key).toString("base64url")}`;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
