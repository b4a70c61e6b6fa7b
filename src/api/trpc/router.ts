import { applications } from "./applications";
import { t } from "./init";
import { routes } from "./routes";
import { security } from "./security";

/** Every procedure there is. The SDK sees its type. */
export const router = t.router({ applications, routes, security });

export type Router = typeof router;
