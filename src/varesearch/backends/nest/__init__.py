"""NEST through pyNN.nest, with whole arrays where PyNN goes cell by cell."""
