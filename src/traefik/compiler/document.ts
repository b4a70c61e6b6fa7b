/** The part of Traefik's dynamic configuration that Portcullis generates (v3, file provider). */

export interface Router {
  /** Exactly one. A router on several entry points is copied with a prefix if they have middlewares of their own. */
  readonly entryPoints: readonly [string];
  readonly rule: string;
  readonly priority: number;
  readonly service: string;
  /** Omitted if empty: Traefik refuses some empty lists and reads others as "no protection". */
  readonly middlewares?: readonly string[];
}

export interface HeadersMiddleware {
  readonly headers: {
    readonly customRequestHeaders?: Readonly<Record<string, string>>;
    readonly customResponseHeaders?: Readonly<Record<string, string>>;
  };
}

export interface BasicAuthMiddleware {
  readonly basicAuth: { readonly users: readonly string[]; readonly removeHeader: true; readonly realm: string };
}

export interface AddressListMiddleware {
  readonly ipAllowList: { readonly sourceRange: readonly string[] };
}

export type Middleware = HeadersMiddleware | BasicAuthMiddleware | AddressListMiddleware;

export interface LoadBalancer {
  readonly loadBalancer: { readonly servers: readonly { readonly url: string }[]; readonly serversTransport?: string };
}

export interface Weighted {
  readonly weighted: { readonly services: readonly { readonly name: string; readonly weight: number }[] };
}

export type Service = LoadBalancer | Weighted;

export interface ServersTransport {
  readonly serverName: string;
}

export interface HttpDocument {
  readonly routers: Readonly<Record<string, Router>>;
  readonly middlewares?: Readonly<Record<string, Middleware>>;
  readonly services?: Readonly<Record<string, Service>>;
  readonly serversTransports?: Readonly<Record<string, ServersTransport>>;
}

/** The key with its record, or nothing if the record is empty: an empty map freezes the whole provider. */
export function unlessEmpty<K extends string, V>(key: K, record: Readonly<Record<string, V>>) {
  return (Object.keys(record).length === 0 ? {} : { [key]: record }) as { [name in K]?: Readonly<Record<string, V>> };
}
