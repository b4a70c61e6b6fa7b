/** Valid configurations that the mutations start from: trees for JSON in `.yml`, texts for YAML and TOML. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export interface TextSample {
  readonly extension: ".yml" | ".yaml" | ".toml";
  readonly text: string;
}

/** Has the form of Portcullis's own output: one application with its chain, and a deny. */
const application: Json = {
  http: {
    routers: {
      "portcullis-app-1": {
        entryPoints: ["web"],
        rule: "Host(`wiki.example.org`)",
        service: "portcullis-app-1",
        middlewares: ["portcullis-app-1-in", "portcullis-app-1-auth", "portcullis-pass"],
        priority: 1099511627776,
      },
      "portcullis-app-1-deny": {
        entryPoints: ["web"],
        rule: "Host(`wiki.example.org`) && (Path(`/a`) || PathPrefix(`/a/`))",
        service: "noop@internal",
        middlewares: ["portcullis-app-1-in"],
        priority: 1099511627775,
        tls: {},
      },
    },
    services: {
      "portcullis-app-1": { loadBalancer: { servers: [{ url: "http://127.0.0.1:9000" }], passHostHeader: true } },
    },
    middlewares: {
      "portcullis-app-1-auth": { basicAuth: { users: ["ada:$apr1$abcdefgh$x"], removeHeader: true, realm: "Wiki" } },
      "portcullis-app-1-in": { headers: { customResponseHeaders: { "X-Portcullis-In": "abcdefghijklmnop" } } },
      "portcullis-allow": { ipAllowList: { sourceRange: ["10.0.0.0/8", "::1"], rejectStatusCode: 403 } },
    },
    serversTransports: { "portcullis-app-1": { serverName: "upstream.example.org", rootCAs: ["none"] } },
  },
};

const middlewares: Json = {
  http: {
    middlewares: {
      limit: {
        rateLimit: {
          average: 10,
          burst: 20,
          period: "1m",
          sourceCriterion: { ipStrategy: { depth: 1, excludedIPs: ["10.0.0.1"] }, requestHost: false },
        },
      },
      ask: {
        forwardAuth: {
          address: "http://127.0.0.1:3000/ask",
          authResponseHeaders: ["X-User"],
          trustForwardHeader: false,
          maxBodySize: -1,
          tls: { insecureSkipVerify: false, ca: "none" },
        },
      },
      many: { inFlightReq: { amount: 5, sourceCriterion: { requestHeaderName: "X-Key" } } },
      pages: { errors: { status: ["500-599"], statusRewrites: { "500": 200 }, service: "s", query: "/{status}.html" } },
      breaker: { circuitBreaker: { expression: "NetworkErrorRatio() > 0.5", checkPeriod: "100ms", responseCode: 503 } },
      small: { compress: {} },
      kind: { contentType: {} },
      again: { retry: { attempts: 3, initialInterval: "1.5s", status: ["503"] } },
      settings: {
        plugin: { demo: { name: "x", deep: { list: [1, 2, 3], on: true }, mixed: ["a", "b"], rows: [{ a: 1 }] } },
      },
      safe: {
        headers: {
          stsSeconds: 300,
          frameDeny: true,
          sslProxyHeaders: { "X-Proto": "https" },
          allowedHosts: ["a.example"],
        },
      },
      certificate: { passTLSClientCert: { pem: true, info: { notAfter: true, subject: { country: true } } } },
      chain: { chain: { middlewares: ["limit", "ask"] } },
      rewritten: { replacePathRegex: { regex: "^/a/(.*)", replacement: "/$1" } },
    },
  },
};

const services: Json = {
  http: {
    services: {
      balanced: {
        loadBalancer: {
          sticky: { cookie: { name: "c", secure: true, maxAge: 60 } },
          servers: [
            { url: "http://a", weight: 2 },
            { url: "http://b", preservePath: true },
          ],
          healthCheck: { path: "/up", interval: "10s", timeout: 3, headers: { "X-Check": "1" } },
          responseForwarding: { flushInterval: "1ms" },
          serversTransport: "t",
        },
      },
      weighed: { weighted: { services: [{ name: "balanced", weight: 3 }], sticky: { cookie: {} }, healthCheck: {} } },
      mirrored: { mirroring: { service: "balanced", mirrorBody: true, mirrors: [{ name: "weighed", percent: 10 }] } },
      fallen: { failover: { service: "balanced", fallback: "weighed", errors: { status: ["500"] } } },
      hashed: { highestRandomWeight: { services: [{ name: "balanced", weight: 1 }] } },
    },
    serversTransports: {
      t: { insecureSkipVerify: true, maxIdleConnsPerHost: 7, forwardingTimeouts: { dialTimeout: "30s" }, spiffe: {} },
    },
    models: { m: { middlewares: ["limit"], observability: { metrics: false } } },
  },
};

const streams: Json = {
  tcp: {
    routers: {
      r: { entryPoints: ["web"], rule: "HostSNI(`*`)", service: "s", tls: { passthrough: true }, priority: 5 },
    },
    services: {
      s: {
        loadBalancer: { servers: [{ address: "127.0.0.1:9" }], proxyProtocol: {}, healthCheck: { interval: "5s" } },
      },
      w: { weighted: { services: [{ name: "s", weight: 1 }] } },
    },
    middlewares: { a: { ipAllowList: { sourceRange: ["10.0.0.0/8"] } }, c: { inFlightConn: { amount: 3 } } },
    serversTransports: { t: { dialTimeout: "1s", tls: { serverName: "x", spiffe: { ids: ["i"] } } } },
  },
  udp: {
    routers: { r: { entryPoints: ["dns"], service: "s" } },
    services: { s: { loadBalancer: { servers: [{ address: "127.0.0.1:9" }] } } },
  },
  tls: {
    options: {
      o: {
        minVersion: "VersionTLS12",
        sniStrict: true,
        cipherSuites: ["TLS_A"],
        clientAuth: { clientAuthType: "NoClientCert" },
      },
    },
    stores: {
      default: { defaultGeneratedCert: { resolver: "r", domain: { main: "example.org", sans: ["*.example.org"] } } },
    },
  },
};

const yaml = `# somebody's own file
http:
  routers:
    site: &site
      rule: "Host(\`site.example.org\`)"
      entryPoints: [web]
      service: site
      middlewares:
        - gate
      priority: 10
    other:
      <<: *site
      rule: >-
        Host(\`other.example.org\`)
        && PathPrefix(\`/x\`)
      tls: {}
  services:
    site:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:9000
          - url: 'http://127.0.0.1:9001'
            weight: 0x10
        passHostHeader: true
  middlewares:
    gate:
      basicAuth:
        users:
          - "ada:$apr1$abcdefgh$x"
        realm: |
          Site
    slow:
      rateLimit:
        average: 100
        period: 1s
        burst: 1_000
`;

const compact = `http: {routers: {a: {rule: 'Host(\`a.example\`)', service: b, entryPoints: [web, "x"]}},
  services: {b: {loadBalancer: {servers: [{url: http://b}]}}},
  middlewares: {c: {headers: {customRequestHeaders: {X-A: '', X-B: 12, X-C: ~}}}}}
udp:
---
second: document
`;

const toml = `# another way to say it
[http.routers.site]
  rule = "Host(\`site.example.org\`)"
  entryPoints = ["web"]
  service = "site"
  middlewares = [
    "gate",
  ]
  priority = 10

[http.services.site.loadBalancer]
  passHostHeader = true
  [[http.services.site.loadBalancer.servers]]
    url = "http://127.0.0.1:9000"
    weight = 1_0

[http.middlewares]
  gate.basicAuth.users = ['ada:$apr1$abcdefgh$x']
  slow = { rateLimit = { average = 100, period = "1s" } }

[tls.options.default]
  minVersion = "VersionTLS12"
`;

export const trees: readonly Json[] = [application, middlewares, services, streams];

export const textSamples: readonly TextSample[] = [
  { extension: ".yml", text: yaml },
  { extension: ".yaml", text: compact },
  { extension: ".toml", text: toml },
];
