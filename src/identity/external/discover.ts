import { z } from "zod";
import type { Runtime } from "#src/access/runtime";
import { hasPassed, later } from "#src/platform/moment";
import type { Resolver } from "#src/platform/values";
import { requireAllowedUrl } from "./allowed-addresses";
import { discoveryUrl, type Endpoints, endpointsByCaller, isSameIssuer, withSlashOf } from "./endpoints";
import type { OidcProvider } from "./provider";
import { requestProvider } from "./request-provider";

/** The provider's metadata, as far as a sign-in needs it. */
export interface Metadata {
  /**
   * The issuer that tokens have to carry, character by character: the configured issuer, with or without its trailing
   * slash as the provider writes it.
   */
  readonly issuer: string;
  readonly endpoints: Endpoints;
  /** The signature algorithm of tokens. */
  readonly algorithm: string;
  /** How this client sends its secret. */
  readonly clientAuthentication: "client_secret_basic" | "client_secret_post" | "none";
  /** Whether every response through the browser names the issuer (RFC 9207). */
  readonly namesIssuer: boolean;
}

/** The provider cannot be reached, or its metadata is incomplete. */
export class DiscoveryFailed extends Error {
  override readonly name = "DiscoveryFailed";
  constructor(
    readonly reason: "provider_unavailable" | "discovery_issuer_mismatch" | "discovery_invalid",
    options?: ErrorOptions,
  ) {
    super(`discovery: ${reason}`, options);
  }
}

const Url = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol));

const MetadataDocument = z.object({
  issuer: z.string(),
  authorization_endpoint: Url,
  token_endpoint: Url,
  jwks_uri: Url,
  userinfo_endpoint: Url.optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

/** Signature algorithms that can be verified with a published key, the usual one first. */
const algorithms = ["RS256", "PS256", "ES256", "EdDSA", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512"] as const;

const rememberedMs = 5 * 60_000;
const known = new WeakMap<object, Map<string, { readonly metadata: Metadata; readonly until: Date }>>();

/**
 * Requests the provider's metadata; cached for five minutes.
 * @throws DiscoveryFailed
 */
export async function discover(
  { clock, resolver, database }: Pick<Runtime, "clock" | "resolver" | "database">,
  provider: OidcProvider,
): Promise<Metadata> {
  const { providerId, issuer, internalUrl, clientSecret, allowedAddresses } = provider;
  const remembered = known.get(database) ?? new Map();
  known.set(database, remembered);
  const key = JSON.stringify([providerId, issuer, internalUrl, clientSecret === null, allowedAddresses]);
  const now = clock.now();
  const found = remembered.get(key);
  if (found && !hasPassed(found.until, now)) return found.metadata;
  const metadata = await discoverAgain(provider, resolver);
  remembered.set(key, { metadata, until: later(now, rememberedMs) });
  return metadata;
}

/** Requests the provider's metadata, whether it is cached or not. @throws DiscoveryFailed */
export async function discoverAgain(provider: OidcProvider, resolver: Resolver): Promise<Metadata> {
  return read(provider, await fetchDocument(provider, resolver));
}

function read(provider: OidcProvider, document: unknown): Metadata {
  const { issuer, internalUrl, clientSecret, allowedAddresses } = provider;
  const parsed = MetadataDocument.safeParse(document);
  if (!parsed.success) throw new DiscoveryFailed("discovery_invalid");
  const metadata = parsed.data;
  // A provider that derives its issuer from the request answers with the internal name here, but its tokens may carry
  // the public one. The provider decides about the trailing slash: people omit it or add it, and discovery has the same
  // URL either way.
  if (![issuer, internalUrl ?? issuer].some((known) => isSameIssuer(known, metadata.issuer))) {
    throw new DiscoveryFailed("discovery_issuer_mismatch");
  }
  const offered = metadata.id_token_signing_alg_values_supported;
  const algorithm = offered ? algorithms.find((one) => offered.includes(one)) : algorithms[0];
  if (algorithm === undefined) throw new DiscoveryFailed("discovery_invalid");
  const endpoints = endpointsByCaller(
    {
      authorization: metadata.authorization_endpoint,
      token: metadata.token_endpoint,
      jwks: metadata.jwks_uri,
      userinfo: metadata.userinfo_endpoint ?? null,
    },
    provider,
  );
  try {
    for (const url of Object.values(endpoints)) if (url !== null) requireAllowedUrl(url, allowedAddresses);
  } catch (cause) {
    throw new DiscoveryFailed("provider_unavailable", { cause });
  }
  return {
    issuer: withSlashOf(issuer, metadata.issuer),
    endpoints,
    algorithm,
    clientAuthentication: clientSecret === null ? "none" : authenticationOf(metadata),
    namesIssuer: metadata.authorization_response_iss_parameter_supported ?? false,
  };
}

function authenticationOf({ token_endpoint_auth_methods_supported: methods }: z.infer<typeof MetadataDocument>) {
  if (methods === undefined || methods.includes("client_secret_basic")) return "client_secret_basic";
  if (methods.includes("client_secret_post")) return "client_secret_post";
  throw new DiscoveryFailed("discovery_invalid");
}

async function fetchDocument(provider: OidcProvider, resolver: Resolver): Promise<unknown> {
  try {
    const url = discoveryUrl(provider);
    const { status, body } = await requestProvider(
      url,
      { headers: { accept: "application/json" } },
      provider,
      resolver,
    );
    if (status !== 200) throw new Error(`discovery returned status ${status}`);
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new DiscoveryFailed("provider_unavailable", { cause });
  }
}
