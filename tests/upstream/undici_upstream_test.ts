/** undici's pools, held to what every way to the upstream does. */
import { undiciUpstream } from "../../src/upstream/undici_upstream.ts";
import { describeConnections } from "./upstream_connections.ts";
import { describeExchanges } from "./upstream_exchanges.ts";
import { describeFailures } from "./upstream_failures.ts";
import type { MakeUpstream } from "./upstream_fixture.ts";

const make: MakeUpstream = (url, limits) => undiciUpstream({ url, ...limits });

describeExchanges("undiciUpstream", make);
describeFailures("undiciUpstream", make);
describeConnections("undiciUpstream", make);
