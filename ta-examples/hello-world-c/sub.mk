srcs-y += src/hello_world.c
