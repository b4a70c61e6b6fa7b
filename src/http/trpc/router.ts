import { applications } from "./applications";
import { audit } from "./audit";
import { auth } from "./auth";
import { claims } from "./claims";
import { environments } from "./environments";
import { gateways } from "./gateways";
import { t } from "./init";
import { invitations } from "./invitations";
import { keys } from "./keys";
import { members } from "./members";
import { organizations } from "./organizations";
import { projects } from "./projects";
import { providers } from "./providers";
import { roles } from "./roles";
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
  invitations,
  keys,
  members,
  organizations,
  projects,
  providers,
  roles,
  routes,
  security,
  serviceAccounts,
  sync,
});

export type Router = typeof router;
