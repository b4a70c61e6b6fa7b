import { applications } from "./applications";
import { audit } from "./audit";
import { auth } from "./auth";
import { claims } from "./claims";
import { environments } from "./environments";
import { gateways } from "./gateways";
import { t } from "./init";
import { keys } from "./keys";
import { organizations } from "./organizations";
import { projects } from "./projects";
import { providers } from "./providers";
import { routes } from "./routes";
import { security } from "./security";
import { serviceAccounts } from "./service-accounts";
import { sync } from "./sync";

/** Every procedure there is. The SDK sees its type. */
export const router = t.router({
  applications,
  audit,
  auth,
  claims,
  environments,
  gateways,
  keys,
  organizations,
  projects,
  providers,
  routes,
  security,
  serviceAccounts,
  sync,
});

export type Router = typeof router;
