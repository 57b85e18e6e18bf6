"""Brian2 through PyNN: cell types of this project, whole-array projections, one of three code generation targets."""
