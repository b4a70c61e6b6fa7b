import { certificate, domain, followHealth, spiffe } from "./http-shapes";
import { duration, flag, int, listOf, mapOf, object, orEmpty, text, texts } from "./shape";

/** TCP, UDP and TLS of Traefik 3.7.9's dynamic configuration. */

const proxyProtocol = orEmpty(object({ version: int }));
const namedWeights = listOf(object({ name: text, weight: int }));

const tcpRouter = object({
  entryPoints: texts,
  middlewares: texts,
  service: text,
  rule: text,
  ruleSyntax: text,
  priority: int,
  tls: orEmpty(object({ passthrough: flag, options: text, certResolver: text, domains: listOf(domain) })),
});
const tcpService = object({
  loadBalancer: object({
    servers: listOf(object({ address: text, port: text, tls: flag })),
    serversTransport: text,
    proxyProtocol,
    terminationDelay: int,
    healthCheck: orEmpty(
      object({
        port: int,
        send: text,
        expect: text,
        interval: duration,
        unhealthyInterval: duration,
        timeout: duration,
      }),
    ),
  }),
  weighted: object({ services: namedWeights, healthCheck: followHealth }),
});
const tcpServersTransport = object({
  dialKeepAlive: duration,
  dialTimeout: duration,
  proxyProtocol,
  terminationDelay: duration,
  tls: orEmpty(
    object({
      serverName: text,
      insecureSkipVerify: flag,
      rootCAs: texts,
      certificates: listOf(certificate),
      peerCertURI: text,
      spiffe,
    }),
  ),
});

export const tcp = object(
  {
    routers: mapOf(tcpRouter),
    services: mapOf(tcpService),
    middlewares: mapOf(
      object({
        inFlightConn: object({ amount: int }),
        ipWhiteList: object({ sourceRange: texts }),
        ipAllowList: object({ sourceRange: texts }),
      }),
    ),
    serversTransports: mapOf(tcpServersTransport),
  },
  { models: mapOf(object({}, { defaultRuleSyntax: text })) },
);

export const udp = object({
  routers: mapOf(object({ entryPoints: texts, service: text })),
  services: mapOf(
    object({
      loadBalancer: object({ servers: listOf(object({ address: text }, { port: text })) }),
      weighted: object({ services: namedWeights }),
    }),
  ),
});

export const tls = object({
  certificates: listOf(object({ certFile: text, keyFile: text, stores: texts })),
  options: mapOf(
    object({
      minVersion: text,
      maxVersion: text,
      cipherSuites: texts,
      curvePreferences: texts,
      clientAuth: object({ caFiles: texts, clientAuthType: text }),
      sniStrict: flag,
      alpnProtocols: texts,
      disableSessionTickets: flag,
      preferServerCipherSuites: flag,
    }),
  ),
  stores: mapOf(
    object({
      defaultCertificate: certificate,
      defaultGeneratedCert: object({ resolver: text, domain }),
    }),
  ),
});
