import { constants, createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import { cookieHeader, keep } from "./browser";
import { registerSecret } from "./secrets";

/** The claims of a token. A test can change them before the token is signed again. */
export type TokenClaims = Record<string, unknown>;

export type SigningAlgorithm = `${"RS" | "PS" | "ES"}${256 | 384 | 512}` | "EdDSA";

/** A response of the provider to the server. A test can change it. */
export interface ProviderAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that the provider received. */
interface Asked {
  readonly path: string;
  /** Whether the test's browser sent it, which has a special user agent. */
  readonly byBrowser: boolean;
  readonly headers: IncomingHttpHeaders;
  /** The form in the body. */
  form: Readonly<Record<string, unknown>>;
}

/** A real provider (`oidc-provider`) on this machine. Its user consents to everything immediately. */
export interface RunningProvider {
  /** The issuer in its tokens. */
  readonly issuer: string;
  /** The address at which it listens. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The person who signs in next: subject and claims. */
  person: { sub: string } & Record<string, unknown>;
  /** Changes the claims of the next ID tokens before the provider's own key signs them, or null. */
  tamper: ((claims: TokenClaims) => TokenClaims) | null;
  /** The key that signs the next tokens, or null for the provider's own key. */
  signWith: KeyObject | null;
  /** Changes the header of the next ID tokens (`alg` also changes the signature), or null. */
  tamperHeader: ((header: TokenClaims) => TokenClaims) | null;
  /** Changes the next responses to the server, by path, or null. */
  alter: ((path: string, answer: ProviderAnswer) => ProviderAnswer) | null;
  /** Runs before the next tokens are sent, which wait for it; or null. */
  beforeTokens: (() => Promise<unknown>) | null;
  readonly asked: Asked[];
  /**
   * Follows the redirects like a browser, until the provider redirects back.
   * @returns the address that the provider redirects to
   */
  visit(authorizationUrl: string): Promise<URL>;
  close(): Promise<void>;
}

interface Options {
  /** The issuer in its tokens. The default is the address at which it listens. */
  readonly issuer?: string;
  readonly redirectUris: readonly string[];
  /** Puts the claims into the ID token itself, and not only at the userinfo endpoint. */
  readonly claimsInToken?: boolean;
  /** How ID tokens are signed. */
  readonly algorithm?: SigningAlgorithm;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** How the client sends its secret. */
  readonly authentication?: "client_secret_basic" | "client_secret_post" | "none";
}

const browserName = "Test browser";

/** Starts a provider on a free port of 127.0.0.1. */
export async function startOidcProvider({
  issuer: given,
  redirectUris,
  claimsInToken = false,
  algorithm = "RS256",
  clientId = "portcullis",
  clientSecret = `client-secret-${Math.random().toString(36).slice(2)}`,
  authentication = "client_secret_basic",
}: Options): Promise<RunningProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = given ?? url;
  registerSecret(clientSecret);
  const privateKey = newKey(algorithm);
  const kid = "first";
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        ...(authentication === "none" ? {} : { client_secret: clientSecret }),
        token_endpoint_auth_method: authentication,
        redirect_uris: [...redirectUris],
        id_token_signed_response_alg: algorithm,
      },
    ],
    clientAuthMethods: [authentication],
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: algorithm } as never] },
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
    const { path, headers } = context;
    const asked: Asked = { path, headers, byBrowser: context.get("user-agent") === browserName, form: {} };
    control.asked.push(asked);
    if (context.path.startsWith("/interaction/")) {
      const login = { accountId: control.person.sub };
      const target = await provider.interactionResult(context.req, context.res, { login });
      context.redirect(asLocal(target));
      return;
    }
    await next();
    asked.form = context.oidc?.body ?? {};
    const body: unknown = context.body;
    if (path === "/token") await control.beforeTokens?.();
    if (path === "/token" && isTokens(body) && (control.tamper || control.tamperHeader || control.signWith)) {
      const [, payload = ""] = body.id_token.split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as TokenClaims;
      const header = { alg: algorithm, typ: "JWT", kid };
      const signed = sign(
        control.tamperHeader?.(header) ?? header,
        control.tamper?.(claims) ?? claims,
        control.signWith ?? privateKey,
        clientSecret,
      );
      context.body = { ...body, id_token: signed };
    }
    if (control.alter !== null && !asked.byBrowser) {
      const text = typeof context.body === "string" ? context.body : JSON.stringify(context.body);
      const altered = control.alter(path, { status: context.status, type: context.type, body: text });
      context.status = altered.status;
      context.body = altered.body;
      context.type = altered.type;
      for (const [name, value] of Object.entries(altered.headers ?? {})) context.set(name, value);
    }
  });
  server.on("request", provider.callback());
  /** Replaces the public address with the one that this machine can reach. */
  const asLocal = (address: string) => address.replace(issuer.replace(/\/$/, ""), url);
  const control: RunningProvider = {
    issuer,
    url,
    clientId,
    clientSecret,
    person: { sub: "ada" },
    tamper: null,
    signWith: null,
    tamperHeader: null,
    alter: null,
    beforeTokens: null,
    asked: [],
    visit: (authorizationUrl) => visit(asLocal(authorizationUrl), asLocal, url),
    close: () => close(server),
  };
  return control;
}

async function visit(start: string, asLocal: (address: string) => string, url: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let hop = 0; hop < 10; hop += 1) {
    if (!at.startsWith(url)) return new URL(at);
    const response = await fetch(at, {
      redirect: "manual",
      headers: {
        "user-agent": browserName,
        cookie: cookieHeader(cookies),
      },
    });
    for (const line of response.headers.getSetCookie()) keep(cookies, line);
    const location = response.headers.get("location");
    if (location === null)
      throw new Error(`the provider did not redirect from ${at}: ${response.status} ${await response.text()}`);
    at = asLocal(new URL(location, at).href);
  }
  throw new Error("the provider redirected the browser too often");
}

function isTokens(body: unknown): body is { readonly id_token: string } {
  return typeof body === "object" && body !== null && "id_token" in body && typeof body.id_token === "string";
}

function newKey(algorithm: SigningAlgorithm): KeyObject {
  if (algorithm === "EdDSA") return generateKeyPairSync("ed25519").privateKey;
  if (!algorithm.startsWith("ES")) return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const namedCurve = { ES256: "P-256", ES384: "P-384", ES512: "P-521" }[algorithm as "ES256" | "ES384" | "ES512"];
  return generateKeyPairSync("ec", { namedCurve }).privateKey;
}

/** Signs a JWT as its header states: with the private key, with the client's secret (HS256), or not at all (none). */
function sign(header: TokenClaims, claims: TokenClaims, key: KeyObject, clientSecret: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = Buffer.from(`${part(header)}.${part(claims)}`);
  return `${signed}.${signatureOf(String(header.alg), signed, key, clientSecret).toString("base64url")}`;
}

function signatureOf(algorithm: string, signed: Buffer, key: KeyObject, clientSecret: string): Buffer {
  const hash = `sha${algorithm.slice(-3)}`;
  if (algorithm === "none") return Buffer.alloc(0);
  if (algorithm === "EdDSA") return signBytes(null, signed, key);
  if (algorithm.startsWith("HS")) return createHmac(hash, clientSecret).update(signed).digest();
  if (algorithm.startsWith("ES")) return signBytes(hash, signed, { key, dsaEncoding: "ieee-p1363" });
  if (algorithm.startsWith("RS")) return signBytes(hash, signed, key);
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return signBytes(hash, signed, { key, padding, saltLength });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
