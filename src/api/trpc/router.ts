import { applications } from "./applications";
import { environments } from "./environments";
import { t } from "./init";
import { projects } from "./projects";
import { routes } from "./routes";
import { security } from "./security";
import { sync } from "./sync";

/** Every procedure there is. The SDK sees its type. */
export const router = t.router({ applications, environments, projects, routes, security, sync });

export type Router = typeof router;
