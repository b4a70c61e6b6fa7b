import { z } from "zod";
import { SearchText } from "#src/platform/contract/fields";

export const Search = z.strictObject({ text: SearchText });
export type Search = z.infer<typeof Search>;

export const Hit = z.object({
  kind: z.enum(["application", "host", "credential", "project", "gateway", "member"]),
  /** Its own id: of the application, the route, the credential, the project, the gateway or the member. */
  id: z.string(),
  /** The text that matches: a name, a host, a username or an e-mail address. */
  title: z.string(),
  /** The application of a host or credential, with its name; null for others. */
  application: z.object({ applicationId: z.string(), name: z.string() }).nullable(),
});
export type Hit = z.infer<typeof Hit>;

/** At most 20. Texts that begin with the searched text come first. */
export const Hits = z.object({ items: z.array(Hit) });
