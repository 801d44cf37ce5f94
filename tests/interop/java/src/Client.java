import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.customizer.McpSyncHttpClientRequestCustomizer;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Supplier;

/**
 * The Java SDK told on the command line what to do: the steps of tests/interop/client_process.ts.
 * Knows nothing of a gate.
 *
 * <p>Usage: Client TRANSPORT URL KEY STEP...; TRANSPORT is "http", or "sse" for that of 2024-11-05.
 */
public final class Client {
  private Client() {}

  public static void main(String[] args) throws IOException {
    McpSyncClient client = client(transport(args[0], URI.create(args[1]), args[2]));
    if (!step("connect", () -> client.initialize().protocolVersion())) return;
    BufferedReader stdin = new BufferedReader(new InputStreamReader(System.in));
    for (String step : List.of(args).subList(3, args.length)) {
      String[] words = step.split(" ", 3);
      switch (words[0]) {
        case "pause" -> {
          tell(Map.of("step", step, "ms", 0, "ok", ""));
          stdin.readLine();
        }
        case "list" -> step(step, () -> list(client));
        default -> step(step, () -> call(client, words[1], words[2]));
      }
    }
    client.close();
  }

  private static McpClientTransport transport(String name, URI url, String key) {
    String server = url.resolve("/").toString();
    McpSyncHttpClientRequestCustomizer withKey =
        (request, method, uri, body, context) -> request.header("Authorization", "Bearer " + key);
    if (name.equals("sse")) {
      return HttpClientSseClientTransport.builder(server)
          .sseEndpoint(url.getPath())
          .httpRequestCustomizer(withKey)
          .build();
    }
    return HttpClientStreamableHttpTransport.builder(server)
        .endpoint(url.getPath())
        .httpRequestCustomizer(withKey)
        .build();
  }

  private static McpSyncClient client(McpClientTransport transport) {
    return McpClient.sync(transport)
        .progressConsumer(progress -> tell(Map.of("progress", progress.progress())))
        .build();
  }

  private static String list(McpSyncClient client) {
    StringJoiner names = new StringJoiner(" ");
    for (McpSchema.Tool tool : client.listTools().tools()) names.add(tool.name());
    return names.toString();
  }

  private static String call(McpSyncClient client, String tool, String arguments) {
    McpSchema.CallToolRequest request =
        McpSchema.CallToolRequest.builder(tool)
            .arguments(McpJsonDefaults.getMapper(), arguments)
            .progressToken(tool)
            .build();
    return ((McpSchema.TextContent) client.callTool(request).content().get(0)).text();
  }

  /** Tells what became of the work and how long it took; false where it failed. */
  private static boolean step(String name, Supplier<String> work) {
    long started = System.nanoTime();
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("step", name);
    try {
      event.put("ok", work.get());
    } catch (RuntimeException error) {
      StringJoiner words = new StringJoiner(": ");
      for (Throwable cause = error; cause != null; cause = cause.getCause()) {
        words.add(String.valueOf(cause.getMessage()));
        if (cause instanceof McpError reply && reply.getJsonRpcError() != null) {
          event.put("code", reply.getJsonRpcError().code());
        }
      }
      event.put("error", words.toString());
    }
    event.put("ms", (System.nanoTime() - started) / 1_000_000);
    tell(event);
    return event.containsKey("ok");
  }

  private static synchronized void tell(Map<String, Object> event) {
    try {
      System.out.println(McpJsonDefaults.getMapper().writeValueAsString(event));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
