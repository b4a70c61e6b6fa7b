import { encodedCharacters, httpMiddleware } from "./middleware-shapes";
import { duration, flag, int, listOf, mapOf, object, orEmpty, pairs, text, texts } from "./shape";

/** The HTTP side of Traefik 3.7.9's dynamic configuration. */

export const domain = object({ main: text, sans: texts });
export const certificate = object({ certFile: text, keyFile: text });
export const spiffe = orEmpty(object({ ids: texts, trustDomain: text }));
/** The form for services: a flag that the parent's health follows its children, without settings. */
export const followHealth = orEmpty(object({}));

const routerTls = orEmpty(
  object({ options: text, certResolver: text, domains: listOf(domain) }, { resolvedOptions: text }),
);
const observability = object(
  { accessLogs: flag, metrics: flag, tracing: flag, traceVerbosity: text },
  {
    metadata: object(
      {},
      { ingress: object({ namespace: text, ingressName: text, serviceName: text, servicePort: text }) },
    ),
  },
);
const router = object(
  {
    entryPoints: texts,
    middlewares: texts,
    service: text,
    rule: text,
    parentRefs: texts,
    ruleSyntax: text,
    priority: int,
    tls: routerTls,
    observability,
  },
  { defaultRule: flag, deniedEncodedPathCharacters: encodedCharacters },
);
const model = object(
  { middlewares: texts, tls: routerTls, observability },
  { deniedEncodedPathCharacters: encodedCharacters, defaultRuleSyntax: text },
);

const cookie = orEmpty(
  object(
    { name: text, secure: flag, httpOnly: flag, sameSite: text, maxAge: int, path: text, domain: text },
    { expires: int },
  ),
);
const sticky = object({ cookie });
const loadBalancer = object(
  {
    sticky: orEmpty(sticky),
    servers: listOf(object({ url: text, weight: int, preservePath: flag }, { fenced: flag, scheme: text, port: text })),
    strategy: text,
    healthCheck: object({
      scheme: text,
      mode: text,
      path: text,
      method: text,
      status: int,
      port: int,
      interval: duration,
      unhealthyInterval: duration,
      timeout: duration,
      hostname: text,
      followRedirects: flag,
      headers: pairs,
    }),
    passiveHealthCheck: object({ failureWindow: duration, maxFailedAttempts: int }),
    passHostHeader: flag,
    responseForwarding: object({ flushInterval: duration }),
    serversTransport: text,
  },
  { nginxUpstreamHashBy: text },
);
const weighted = listOf(
  object({ name: text, weight: int }, { headers: pairs, status: int, grpcStatus: object({ code: int, msg: text }) }),
);
const service = object({
  middlewares: texts,
  loadBalancer,
  highestRandomWeight: object({ services: listOf(object({ name: text, weight: int })), healthCheck: followHealth }),
  weighted: object({ services: weighted, sticky, healthCheck: followHealth }),
  mirroring: object({
    service: text,
    mirrorBody: flag,
    maxBodySize: int,
    mirrors: listOf(object({ name: text, percent: int })),
    healthCheck: followHealth,
  }),
  failover: object({
    service: text,
    fallback: text,
    healthCheck: followHealth,
    errors: object({ maxRequestBodyBytes: int, status: texts }),
  }),
});

const serversTransport = object({
  serverName: text,
  insecureSkipVerify: flag,
  rootCAs: texts,
  certificates: listOf(certificate),
  cipherSuites: texts,
  minVersion: text,
  maxVersion: text,
  maxIdleConnsPerHost: int,
  forwardingTimeouts: object({
    dialTimeout: duration,
    responseHeaderTimeout: duration,
    idleConnTimeout: duration,
    readIdleTimeout: duration,
    pingTimeout: duration,
    readTimeout: duration,
    writeTimeout: duration,
  }),
  disableHTTP2: flag,
  peerCertURI: text,
  spiffe,
});

export const http = object({
  routers: mapOf(router),
  services: mapOf(service),
  middlewares: mapOf(httpMiddleware),
  models: mapOf(model),
  serversTransports: mapOf(serversTransport),
});
