import { z } from "zod";
import type { Resolver } from "#src/platform/values";
import { DiscoveryFailed, discoverAgain, type Metadata } from "./discover";
import type { OidcProvider } from "./provider";
import { requestProvider } from "./request-provider";

/** The result of one step: `ok`, why it failed, or that an earlier step failed. */
export interface ProbedProvider {
  readonly discovery: "ok" | DiscoveryFailed["reason"];
  readonly keys: "ok" | "keys_unavailable" | "keys_invalid" | "skipped";
}

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/**
 * Does what every sign-in needs before a person is involved: requests the provider's metadata, and its public keys. The
 * rules for addresses are those of a sign-in.
 */
export async function probeProvider(provider: OidcProvider, resolver: Resolver): Promise<ProbedProvider> {
  const found = await discoverAgain(provider, resolver).catch((error: unknown) => {
    if (error instanceof DiscoveryFailed) return error.reason;
    throw error;
  });
  if (typeof found === "string") return { discovery: found, keys: "skipped" };
  return { discovery: "ok", keys: await probeKeys(found, provider, resolver) };
}

async function probeKeys(
  { endpoints }: Metadata,
  provider: OidcProvider,
  resolver: Resolver,
): Promise<ProbedProvider["keys"]> {
  try {
    const headers = { accept: "application/json" };
    const { status, body } = await requestProvider(endpoints.jwks, { headers }, provider, resolver);
    if (status !== 200) return "keys_unavailable";
    return KeySet.safeParse(parsed(body)).success ? "ok" : "keys_invalid";
  } catch {
    return "keys_unavailable"; // an address that is not allowed, or no answer
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}
