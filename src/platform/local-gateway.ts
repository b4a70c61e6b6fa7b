/** The name of the gateway that every installation has: Traefik on the same machine, whose folder the settings name. */
export const localGateway = "local";
