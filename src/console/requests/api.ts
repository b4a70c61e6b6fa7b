import { createTRPCClient, httpLink } from "@trpc/client";
import type { Router } from "../../http/trpc/router";
import { csrfToken } from "./cookies";

/** Every procedure, asked as whoever has signed in here. Queries go by POST: nothing of an input stands in an address. */
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
