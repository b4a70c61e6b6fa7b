import { auth } from "./account/operations";
import { applications } from "./applications/operations";
import { audit } from "./audit-log/operations";
import { claims } from "./claims/operations";
import { security } from "./credentials/operations";
import { environments } from "./environments/operations";
import { gateways } from "./gateways/operations";
import { hosts } from "./hosts/operations";
import { invitations } from "./invitations/operations";
import { keys } from "./keys/operations";
import { members } from "./members/operations";
import { organizations } from "./organizations/operations";
import { overview } from "./overview/operations";
import { profile } from "./profile/operations";
import { projects } from "./projects/operations";
import { proofs } from "./proofs/operations";
import { providers } from "./providers/operations";
import { roles } from "./roles/operations";
import { routes } from "./routes/operations";
import { search } from "./search/search";
import { serviceAccounts } from "./service-accounts/operations";
import { sync } from "./sync/operations";
import { upstreams } from "./upstreams/operations";

/** Every use case. All transports, the API reference and the clients are derived from this tree. */
export const features = {
  applications,
  audit,
  auth,
  claims,
  environments,
  gateways,
  hosts,
  invitations,
  keys,
  members,
  organizations,
  overview,
  profile,
  projects,
  proofs,
  providers,
  roles,
  routes,
  search,
  security,
  serviceAccounts,
  sync,
  upstreams,
};

export type Features = typeof features;
