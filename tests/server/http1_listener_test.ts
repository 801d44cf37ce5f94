/** Our own listener, held to what every listener does. */
import { listen } from "../../src/server/http1_listener.ts";
import { describeEndings } from "./listener_endings.ts";
import { describeReplies } from "./listener_replies.ts";
import { describeRequests } from "./listener_requests.ts";

describeRequests("http1", listen);
describeReplies("http1", listen);
describeEndings("http1", listen);
