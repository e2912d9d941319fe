"""The Web API methods, one module for each family; each takes a Call and gives the body of a good answer."""
