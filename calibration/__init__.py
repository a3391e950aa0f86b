"""From data to what a run needs: populations and parameter artefacts."""
