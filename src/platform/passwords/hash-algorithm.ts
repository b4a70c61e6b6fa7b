/** How a visitor's password is hashed for Traefik. One application has one algorithm. */
export type HashAlgorithm = "apr1" | "bcrypt";
