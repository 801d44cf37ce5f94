// The Go SDK told on the command line what to do: the steps of tests/interop/client_process.ts. Knows
// nothing of a gate.
//
// Usage: client REVISION URL KEY STEP...
// REVISION is that of the protocol; 2024-11-05 comes with the transport of that revision.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type event map[string]any

func tell(what event) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// Tells what became of a step that began at started.
func outcome(step string, started time.Time, ok string, err error) {
	what := event{"step": step, "ms": time.Since(started).Milliseconds()}
	if err == nil {
		what["ok"] = ok
	} else {
		what["error"] = err.Error()
		var reply *jsonrpc.Error
		if errors.As(err, &reply) {
			what["code"] = reply.Code
		}
	}
	tell(what)
}

// Adds the key to every request.
type withKey string

func (key withKey) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+string(key))
	return http.DefaultTransport.RoundTrip(request)
}

func list(ctx context.Context, session *mcp.ClientSession) (string, error) {
	var names []string
	for tool, err := range session.Tools(ctx, nil) {
		if err != nil {
			return "", err
		}
		names = append(names, tool.Name)
	}
	return strings.Join(names, " "), nil
}

func call(ctx context.Context, session *mcp.ClientSession, tool, arguments string) (string, error) {
	params := &mcp.CallToolParams{Name: tool, Arguments: json.RawMessage(arguments)}
	params.SetProgressToken(tool)
	result, err := session.CallTool(ctx, params)
	if err != nil {
		return "", err
	}
	text, isText := result.Content[0].(*mcp.TextContent)
	if !isText {
		return "", fmt.Errorf("no text: %T", result.Content[0])
	}
	return text.Text, nil
}

func take(ctx context.Context, session *mcp.ClientSession, step string, stdin *bufio.Reader) {
	verb, rest, _ := strings.Cut(step, " ")
	if verb == "pause" {
		tell(event{"step": step, "ms": 0, "ok": ""})
		_, _ = stdin.ReadString('\n')
		return
	}
	started := time.Now()
	var ok string
	var err error
	if verb == "list" {
		ok, err = list(ctx, session)
	} else {
		tool, arguments, _ := strings.Cut(rest, " ")
		ok, err = call(ctx, session, tool, arguments)
	}
	outcome(step, started, ok, err)
}

func main() {
	revision, url, key, steps := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	ctx := context.Background()
	client := mcp.NewClient(
		&mcp.Implementation{Name: "mcpgate-interop", Version: "1.0.0"},
		&mcp.ClientOptions{
			ProgressNotificationHandler: func(_ context.Context, request *mcp.ProgressNotificationClientRequest) {
				tell(event{"progress": request.Params.Progress})
			},
		},
	)
	var transport mcp.Transport
	if web := (&http.Client{Transport: withKey(key)}); revision == "2024-11-05" {
		transport = &mcp.SSEClientTransport{Endpoint: url, HTTPClient: web}
	} else {
		transport = &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: web}
	}
	started := time.Now()
	session, err := client.Connect(ctx, transport, &mcp.ClientSessionOptions{ProtocolVersion: revision})
	if err != nil {
		outcome("connect", started, "", err)
		return
	}
	outcome("connect", started, session.InitializeResult().ProtocolVersion, nil)
	stdin := bufio.NewReader(os.Stdin)
	for _, step := range steps {
		take(ctx, session, step, stdin)
	}
	_ = session.Close()
}
