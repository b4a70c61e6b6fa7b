import { createTRPCClient, httpLink, type TRPCClient } from "@trpc/client";
import type { Router } from "../http/trpc/router";
import type { ParamsOf, Reason } from "../platform/errors/reasons";

export interface ClientOptions {
  /** The address of the control plane: `https://portcullis.example.org`. */
  readonly url: string;
  readonly apiKey: string;
  /**
   * The organization of all calls, by its id or its slug. A key belongs to one organization: with another one, every call
   * is refused with `not_found`.
   */
  readonly organization?: string;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** The type for a custom client, or for the inputs and outputs of a procedure: `inferRouterInputs<Router>`. */
/** `error.data.details` of a refusal with this reason: `DetailsOf<"stale_version">`. */
/** All reasons with which a call can be refused: `error.data.reason`. */
export type { ParamsOf as DetailsOf, Reason, Router };

export type Client = TRPCClient<Router>;

/**
 * Creates a typed client of all procedures: `client.security.create.mutate({ applicationId, username })`. Queries use
 * POST, so that no input appears in a URL or in a log of URLs.
 *
 * An update that is made for the version which the caller last saw, and a change that needs a confirmation:
 * @example
 * const { version } = await client.projects.one.query({ projectId });
 * await client.projects.update.mutate({ projectId, name: "Shop", ifVersion: version });
 *
 * const opening = { applicationId, access: "public-when-empty" } as const;
 * const { becomePublic, digest } = await client.applications.preview.query(opening);
 * await client.applications.update.mutate({ ...opening, confirm: digest });
 * @throws TRPCClientError whose `data` has `reason`, `requestId` and, if inputs are affected, `fields`; for
 * `stale_version`, `confirmation_required` and `preview_changed` also `details`
 */
export function createClient({ url, apiKey, organization, fetch: ownFetch }: ClientOptions): Client {
  return createTRPCClient<Router>({
    links: [
      httpLink({
        url: `${url.replace(/\/+$/, "")}/api/trpc`,
        headers: { "x-api-key": apiKey, ...(organization === undefined ? {} : { "x-organization": organization }) },
        methodOverride: "POST",
        ...(ownFetch ? { fetch: (input, init) => ownFetch(input as string | URL, init as RequestInit) } : {}),
      }),
    ],
  });
}
