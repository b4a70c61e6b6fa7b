import { createTRPCClient, httpLink } from "@trpc/client";
import type { Router } from "#src/http/trpc/router";
import { csrfToken } from "./cookies";

/**
 * The client of all procedures, with the session of this browser. Queries use POST, so that inputs do not appear in
 * addresses.
 */
export const api = createTRPCClient<Router>({
  links: [
    httpLink({
      url: "/api/trpc",
      methodOverride: "POST",
      headers: () => {
        const token = csrfToken();
        return token === null ? {} : { "x-csrf-token": token };
      },
      fetch: (input, init) => fetch(input as string, { ...(init as RequestInit), credentials: "same-origin" }),
    }),
  ],
});
