// The official provider's library behind a main of our own: the published module lacks the schema that its own main
// embeds. The build writes both files from the module's schema.json.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

// Set by the build to the pin's version.
var version string

func main() { provider.Serve("kubernetes", version, schema, mapping) }
