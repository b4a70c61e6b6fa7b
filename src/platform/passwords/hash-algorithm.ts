/** The hash algorithm of a visitor's password for Traefik. Each application has one algorithm. */
export type HashAlgorithm = "apr1" | "bcrypt";
