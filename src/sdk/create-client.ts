import { createTRPCClient, httpLink, type TRPCClient } from "@trpc/client";
import type { Router } from "../http/trpc/router";
import type { Reason } from "../platform/errors/reasons";

export interface ClientOptions {
  /** Where the control plane is: `https://portcullis.example.org`. */
  readonly url: string;
  readonly apiKey: string;
  /** Instead of the global one. */
  readonly fetch?: typeof fetch;
}

/** For a client of one's own, or the inputs and outputs of a procedure: `inferRouterInputs<Router>`. */
/** Every reason with which a call can be refused: `error.data.reason`. */
export type { Reason, Router };

export type Client = TRPCClient<Router>;

/**
 * A typed client of every procedure: `client.security.create.mutate({ applicationId, username })`.
 * Queries go by POST, so that nothing of an input stands in a URL or a log of URLs.
 * @throws TRPCClientError whose `data` has `reason`, `requestId` and, where inputs are concerned, `fields`
 */
export function createClient({ url, apiKey, fetch: ownFetch }: ClientOptions): Client {
  return createTRPCClient<Router>({
    links: [
      httpLink({
        url: `${url.replace(/\/+$/, "")}/api/trpc`,
        headers: { "x-api-key": apiKey },
        methodOverride: "POST",
        ...(ownFetch ? { fetch: (input, init) => ownFetch(input as string | URL, init as RequestInit) } : {}),
      }),
    ],
  });
}
