import { applications } from "./applications";
import { environments } from "./environments";
import { t } from "./init";
import { projects } from "./projects";
import { routes } from "./routes";
import { security } from "./security";

/** Every procedure there is. The SDK sees its type. */
export const router = t.router({ applications, environments, projects, routes, security });

export type Router = typeof router;
