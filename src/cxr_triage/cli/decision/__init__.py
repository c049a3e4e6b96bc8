"""How films are decided: what a policy makes of a model, and a site's own films for it."""
